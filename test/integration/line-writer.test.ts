import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lineWriter } from "../../shared/observe/line-writer.ts";

/** A pipe that holds 64 KiB and then takes nothing, until it is read. */
function pipe() {
  const directory = mkdtempSync(join(tmpdir(), "saxbridge-lines-"));
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  const read = () => {
    const buffer = Buffer.alloc(1_000_000);
    return buffer.toString("utf8", 0, readSync(fd, buffer));
  };
  return { fd, read };
}

/** As long as each other, with letters of two bytes. */
const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `${String(i).padStart(5)} ${"ü".repeat(40)}\n`);

test("a full disk does not end whoever writes", () => {
  const fd = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(fd));
  const writer = lineWriter(fd, () => expect.unreachable());
  expect(() => {
    for (const line of numbered(10_000)) writer.write(line);
  }).not.toThrow();
});

test("what could not be written follows when there is room, whole and in order", () => {
  const { fd, read } = pipe();
  const writer = lineWriter(fd, () => expect.unreachable());
  const lines = numbered(1_000);
  for (const line of lines) writer.write(line);
  const first = read();
  expect(first.length).toBeLessThan(lines.join("").length);
  writer.write("last\n");
  expect(first + read()).toBe(`${lines.join("")}last\n`);
});

test("what is too much to wait is counted, and the count is told when there is room", () => {
  const { fd, read } = pipe();
  const told: number[] = [];
  const writer = lineWriter(fd, (count) => told.push(count));
  for (const line of numbered(5_000)) writer.write(line);
  expect(told).toEqual([]);
  let text = read();
  writer.write("next\n");
  text += read();
  writer.write("last\n");
  text += read();
  const written = text.split("\n").length - 1;
  expect(told).toHaveLength(1);
  expect(written + (told[0] ?? 0)).toBe(5_002);
  expect(text).toMatch(/last\n$/);
});
