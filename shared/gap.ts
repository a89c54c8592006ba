/** A time in which a place could not be heard. */
export interface Gap {
  /**
   * When something was last heard from there, by this run or an earlier one, in milliseconds since 1970;
   * later than `until`, when the clock was set back between two runs.
   */
  readonly since: number;
  /** When we were back, in milliseconds since 1970. */
  readonly until: number;
  /** How many messages of that time the place has shown us since. */
  readonly missed: number;
  /** How many it had, and we left out because they were too old or too many. */
  readonly leftOut: number;
  /** It is certain that nothing else was said there meanwhile. */
  readonly isComplete: boolean;
}
