/** Something that the person at the command line can mend: one sentence, and the exit code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: 2 | 69 | 78;

  constructor(exitCode: 2 | 69 | 78, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
