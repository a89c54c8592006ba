/**
 * What a thrown value says in one sentence, whatever it is; never empty for an error. The refusals of
 * several addresses, which Node joins into an `AggregateError` without words of its own, are all named.
 */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return error.errors.map(errorMessage).join("; ");
  return error.name;
}
