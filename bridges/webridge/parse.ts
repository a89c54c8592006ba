import { z } from "zod";
import type { Reading } from "../../shared/message.ts";
import { isolateBidi, LINE_BREAKS, oneLine, xmlSafe } from "../../shared/text/clean.ts";
import { decodeEntities } from "../../shared/text/entities.ts";
import { shorten } from "../../shared/text/split.ts";
import { decodeWindows1252 } from "../../shared/text/windows-1252.ts";
import { isBareJid } from "../../shared/xmpp/wire/jid.ts";

/** What the site announced. Every text in it is one line, clean, and not empty. */
export type Announcement =
  | { readonly kind: "text"; readonly text: string }
  | ({ readonly kind: "event" } & SiteEvent);

export interface SiteEvent {
  /** What happened, such as `reply`; any word, because sites think of new ones. */
  readonly type: string;
  readonly who?: string | undefined;
  readonly what?: string | undefined;
  readonly where?: string | undefined;
  readonly url?: string | undefined;
  /** Bare JID of the room that should hear it, when that is not the usual one. */
  readonly room?: string | undefined;
  /** The site's own name for it: the same id twice is the same announcement. */
  readonly id?: string | undefined;
  /** When it happened, in milliseconds since 1970. */
  readonly at?: number | undefined;
}

/** Why a datagram is not said: a closed set, for counters. */
type Refusal = "empty" | "oversized" | "invalid";

/** What was not as it should be in a datagram that is said all the same: a closed set, for counters. */
export type Note = "recoded" | "entities" | "newlines" | "controls" | "cut" | "unknown-fields";

export type DatagramReading = Reading<Announcement, Refusal> & {
  /** With `invalid`: the field and what it should be, for the log. Never what stood there. */
  readonly detail?: string;
  readonly notes: readonly Note[];
};

/** Longest plain text that is said, in bytes of UTF-8. */
export const maxTextBytes = 4_000;

const maxFieldCharacters = 300;

/**
 * Reads one datagram. Each has one defined result, and none throws:
 *
 * | datagram                                      | result                                   |
 * | --------------------------------------------- | ---------------------------------------- |
 * | JSON object with `"v": 1` that fits           | event                                    |
 * | JSON object with a `v`, anything else wrong   | `invalid`, and `detail` names the field  |
 * | begins with `{` and was truncated             | `oversized`: what it was cannot be known |
 * | anything else, other JSON too                 | text                                     |
 * | no bytes, or nothing that could be seen       | `empty`                                  |
 *
 * | in a text, or in a field of an event          | becomes                       | note             |
 * | --------------------------------------------- | ----------------------------- | ---------------- |
 * | bytes that are not UTF-8                      | read as windows-1252          | `recoded`        |
 * | HTML entities, when `htmlEntities` is decode  | their characters, once        | `entities`       |
 * | line breaks                                   | a space                       | `newlines`       |
 * | NUL and other control characters              | nothing                       | `controls`       |
 * | NUL at the end                                | nothing                       |                  |
 * | more than 4,000 bytes, or a truncated text    | its beginning and an ellipsis | `cut`            |
 * | what XML cannot carry                         | U+FFFD or nothing             |                  |
 * | a field without anything to see, or null      | as if it were not there       |                  |
 * | a field that is not known                     | nothing                       | `unknown-fields` |
 */
export function parseDatagram(
  bytes: Uint8Array,
  { truncated, htmlEntities }: ParseOptions,
): DatagramReading {
  const notes = new Set<Note>();
  const clean = (text: string) => cleanLine(text, { htmlEntities, notes });
  const text = decode(withoutFinalNuls(bytes), { truncated, notes }).trim();
  const reading = text.startsWith("{")
    ? readObject(text, { truncated, clean, notes })
    : readText(text, { truncated, clean, notes });
  return { ...reading, notes: [...notes] };
}

export interface ParseOptions {
  /** Only the datagram's beginning is there. */
  readonly truncated: boolean;
  readonly htmlEntities: "decode" | "keep";
}

interface Reader {
  readonly truncated: boolean;
  readonly clean: (text: string) => string;
  readonly notes: Set<Note>;
}

type Result = Reading<Announcement, Refusal> & { readonly detail?: string };

function readText(text: string, { truncated, clean, notes }: Reader): Result {
  const whole = clean(text);
  if (!isVisible(whole)) return { ignored: "empty" };
  const shown = shorten(whole, maxTextBytes);
  if (truncated || shown !== whole) notes.add("cut");
  return { message: { kind: "text", text: isolateBidi(shown) } };
}

function readObject(text: string, reader: Reader): Result {
  if (reader.truncated) return { ignored: "oversized" };
  const value = parseJson(text);
  // Old site code may announce what looks like JSON: only the version makes an event of it.
  if (!isObject(value) || !Object.hasOwn(value, "v")) return readText(text, reader);
  const event = SiteEventV1.safeParse(value);
  if (!event.success) return { ignored: "invalid", detail: explain(event.error) };
  if (Object.keys(value).some((key) => !Object.hasOwn(SiteEventV1.shape, key))) {
    reader.notes.add("unknown-fields");
  }
  return readEvent(event.data, reader.clean);
}

function readEvent(event: SiteEventV1, clean: (text: string) => string): Result {
  const shown = (dirty: string | null | undefined) => {
    const line = clean(dirty ?? "");
    return isVisible(line) ? isolateBidi(line) : undefined;
  };
  const { type, room, id, at } = event;
  const who = shown(event.who);
  const what = shown(event.what);
  const where = shown(event.where);
  if (who === undefined && what === undefined && where === undefined) {
    return { ignored: "invalid", detail: "who, what or where: one of them should be there" };
  }
  const url = shown(event.url);
  return { message: { kind: "event", type, who, what, where, url, room, id, at } };
}

type SiteEventV1 = z.infer<typeof SiteEventV1>;

const SiteEventV1 = z.object({
  v: z.literal(1, { error: "should be 1" }),
  type: matching(/^[a-z][a-z0-9-]{0,31}$/, "should be a word of small letters, such as reply"),
  who: field(),
  what: field(),
  where: field(),
  url: absent(matching(/^https?:\/\/[^\s\p{Cc}]{1,2000}$/iu, "should begin with https://")),
  room: absent(
    string().refine(isBareJid, { error: "should be a room such as chat@muc.example.org" }),
  ),
  id: absent(matching(/^[!-~]{1,128}$/, "should be 1 to 128 visible ASCII characters")),
  at: absent(moment()),
});

function string() {
  return z.string({ error: "should be text" });
}

function matching(pattern: RegExp, error: string) {
  return string().regex(pattern, { error });
}

function field() {
  const error = `should have at most ${maxFieldCharacters} characters`;
  return string().max(maxFieldCharacters, { error }).nullish();
}

/** A field that is null is not there: PHP writes one that it has no value for so. */
function absent<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** PHP writes a time as `date("c")` or as `time()`. Milliseconds by mistake are far out of range. */
function moment() {
  const error = "should be seconds since 1970, or ISO 8601 with an offset, of this century";
  return z
    .union(
      [
        z.iso.datetime({ offset: true }).transform((iso) => Date.parse(iso)),
        z.number().transform((seconds) => Math.round(seconds * 1_000)),
      ],
      { error },
    )
    .refine((ms) => ms >= Date.UTC(2000, 0) && ms < Date.UTC(2101, 0), { error });
}

/** Messages are our own words and names of fields: nothing that was in the datagram. */
function explain(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Programs in C send the end of their string, too. */
function withoutFinalNuls(bytes: Uint8Array): Uint8Array {
  let end = bytes.byteLength;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}

/** A character that the cut fell into is not there; a byte order mark at the start is taken off. */
function decode(
  bytes: Uint8Array,
  { truncated, notes }: Pick<Reader, "truncated" | "notes">,
): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: truncated });
  } catch {
    // Sites as old as this still write Latin-1, which browsers and PHP take for windows-1252.
    notes.add("recoded");
    return decodeWindows1252(bytes);
  }
}

/** Decoded first: what hid in an entity must not come through uncleaned. */
function cleanLine(
  dirty: string,
  { htmlEntities, notes }: Pick<ParseOptions, "htmlEntities"> & Pick<Reader, "notes">,
): string {
  const decoded = htmlEntities === "decode" ? decodeEntities(dirty) : dirty;
  if (decoded !== dirty) notes.add("entities");
  const trimmed = decoded.trim();
  if (LINE_BREAKS.test(trimmed)) notes.add("newlines");
  if (CONTROL.test(trimmed)) notes.add("controls");
  return xmlSafe(oneLine(trimmed));
}

const CONTROL = /(?![\t\n\v\f\r\u0085])\p{Cc}/u;

/** Spaces, zero widths and everything else that leaves no mark say nothing. */
function isVisible(line: string): boolean {
  return /[^\p{Z}\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(line);
}
