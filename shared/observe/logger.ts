export type Fields = Readonly<Record<string, unknown>>;

/**
 * Events are fixed phrases ("room joined"), what varies goes into fields. No field holds a secret, a
 * token or what somebody said.
 */
export interface Logger {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  child(fields: Fields): Logger;
}
