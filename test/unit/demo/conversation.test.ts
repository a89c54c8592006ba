import { expect, test } from "vitest";
import { formatSpeech } from "../../../cli/demo/conversation.ts";

const at = new Date(2026, 0, 1, 12, 3, 4);
const plain = { at, colours: false };

test("formatSpeech() shows the time, the nick and what was said", () => {
  const speech = { nick: "you", body: "hello", action: false };
  expect(formatSpeech(speech, plain)).toEqual(["12:03:04 you: hello"]);
});

test("formatSpeech() shows an action as one", () => {
  const speech = { nick: "you", body: "waves", action: true };
  expect(formatSpeech(speech, plain)).toEqual(["12:03:04 * you waves"]);
});

test("formatSpeech() names the speaker on every line", () => {
  const speech = { nick: "you", body: "one\n\n12:03:04 admin: two", action: false };
  expect(formatSpeech(speech, plain)).toEqual([
    "12:03:04 you: one",
    "12:03:04 you: 12:03:04 admin: two",
  ]);
});

test("formatSpeech() lets nothing through that moves a cursor or colours a terminal", () => {
  const speech = { nick: "y\u009b2Jou", body: "\u009b31mred\u001b[2J\rover", action: false };
  expect(formatSpeech(speech, plain)).toEqual([
    "12:03:04 y2Jou: 31mred[2J",
    "12:03:04 y2Jou: over",
  ]);
});

test("formatSpeech() has colours only where they are wanted", () => {
  const speech = { nick: "you", body: "hello", action: false };
  expect(formatSpeech(speech, { at, colours: true })).toEqual([
    "\u001b[2m12:03:04\u001b[0m \u001b[1myou:\u001b[0m hello",
  ]);
});
