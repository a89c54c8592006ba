import { describe, expect, test } from "vitest";
import { findGroup, groupId } from "../../../shared/unix/group.ts";

describe("findGroup()", () => {
  const groups = "root:x:0:\nwww-data:x:33:alice,bob\nwww:x:34:\n+\nbroken:x\n:x:9:\n";

  test("finds the number of a group by its whole name", () => {
    expect(findGroup(groups, "www-data")).toBe(33);
    expect(findGroup(groups, "www")).toBe(34);
    expect(findGroup(groups, "root")).toBe(0);
  });

  test("finds nothing for a name or an entry that is none", () => {
    expect(findGroup(groups, "ww")).toBeUndefined();
    expect(findGroup(groups, "broken")).toBeUndefined();
    expect(findGroup("", "root")).toBeUndefined();
  });
});

describe("groupId()", () => {
  test("takes a number as it is", () => {
    expect(groupId("1234")).toBe(1_234);
  });
});
