import { inspect } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../shared/config/secret.ts";

/** Long and odd enough that nothing else in a line is it by chance. */
const value = fc.string().map((text) => `hunter2 ${text}`);

test("Secret gives its value to whoever asks for it by name", () => {
  fc.assert(
    fc.property(value, (text) => {
      expect(new Secret(text).reveal()).toBe(text);
    }),
  );
});

test("Secret prints itself nowhere", () => {
  fc.assert(
    fc.property(value, (text) => {
      const config = { password: new Secret(text) };
      const printed = [
        String(config.password),
        JSON.stringify(config),
        inspect(config, { showHidden: true, depth: null }),
        Object.values(config.password).join(" "),
      ];
      for (const line of printed) expect(line).not.toContain(text);
      expect(inspect(config)).toBe("{ password: [secret] }");
      expect(JSON.stringify(config)).toBe('{"password":"[secret]"}');
    }),
  );
});
