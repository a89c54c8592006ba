import { parse } from "dotenv";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { irc } from "../../../bridges/irc-relay/config.ts";
import { webridge } from "../../../bridges/webridge/config.ts";
import { pages } from "../../../scripts/reference.ts";
import { envExample, referenceTable } from "../../../shared/config/reference.ts";
import { secret } from "../../../shared/config/secret.ts";
import { isConfigured, readConfig } from "../../../shared/config/section.ts";
import { general, xmpp } from "../../../shared/config/sections.ts";
import { oneLine, oneOf } from "../../../shared/config/types.ts";

const hook = z
  .object({
    hook: z.object({
      path: oneLine().meta({ description: "Path to answer, without &amp;.", example: "/a|b #c" }),
      mode: oneOf("on", "off").prefault("on").meta({ description: "Whether to answer." }),
      token: secret().meta({ description: "Token of the caller." }),
    }),
  })
  .meta({ title: "hook", description: "Answers calls." });

test("envExample() writes a section as comments, with values quoted where they have to be", () => {
  const [, ...group] = envExample([hook]).split("\n\n");
  expect(group.join("\n\n")).toBe(`\
# --- hook ${"-".repeat(86)}
# Answers calls.
# Set all of these:
#   HOOK_PATH
#   HOOK_TOKEN

# Path to answer, without &amp;.
#HOOK_PATH="/a|b #c"

# Whether to answer.
#HOOK_MODE=on

# Token of the caller.
#HOOK_TOKEN=change-me`);
});

test("referenceTable() writes a section as Markdown", () => {
  expect(referenceTable([hook])).toBe(`\
### hook

Answers calls.

| Variable | When not set | Meaning |
| --- | --- | --- |
| \`HOOK_PATH\` | **required** | Path to answer, without &amp;amp;. Example: \`/a\\|b #c\` |
| \`HOOK_MODE\` | \`on\` | Whether to answer. |
| \`HOOK_TOKEN\` | **required** | Token of the caller. |`);
});

test.each(pages())("$file says what the schema says", ({ file, current, wanted }) => {
  expect(current, `${file}: run npx tsx scripts/reference.ts --write`).toBe(wanted);
});

describe(".env.example", () => {
  const example = envExample([xmpp, webridge, irc, general]);

  test("configures nothing when it is copied unchanged", () => {
    expect(parse(example)).toEqual({});
    expect(isConfigured(webridge, parse(example))).toBe(false);
  });

  test("is a right configuration once every # before a variable is gone", () => {
    const env = parse(example.replaceAll(/^#(?=[A-Z])/gm, ""));
    for (const section of [xmpp, webridge, irc, general]) {
      expect(() => readConfig(section, env)).not.toThrow();
    }
    expect(readConfig(irc, env).irc.links).toHaveLength(2);
  });
});
