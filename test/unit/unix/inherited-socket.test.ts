import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  inheritedSocket,
  isDatagramSocket,
  isNonBlocking,
} from "../../../shared/unix/inherited-socket.ts";

describe("inheritedSocket()", () => {
  test("is descriptor 3 when one socket was passed to this process", () => {
    expect(inheritedSocket({ LISTEN_PID: "42", LISTEN_FDS: "1" }, 42)).toBe(3);
  });

  test("is undefined when none was passed, or to another process", () => {
    expect(inheritedSocket({}, 42)).toBeUndefined();
    expect(inheritedSocket({ LISTEN_PID: "41", LISTEN_FDS: "1" }, 42)).toBeUndefined();
    for (const count of ["0", "", "-1", "one", "1.5", undefined]) {
      expect(inheritedSocket({ LISTEN_PID: "42", LISTEN_FDS: count }, 42)).toBeUndefined();
    }
  });

  test("refuses to choose among several sockets", () => {
    expect(() => inheritedSocket({ LISTEN_PID: "42", LISTEN_FDS: "2" }, 42)).toThrow(
      "Cannot choose among the 2 sockets that systemd passed",
    );
  });

  test("leaves nothing behind that a child could take for its own", () => {
    fc.assert(
      fc.property(fc.constantFrom("41", "42"), fc.constantFrom("0", "1", "x"), (pid, count) => {
        const env = { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: "webridge", HOME: "/" };
        inheritedSocket(env, 42);
        expect(env).toEqual({ HOME: "/" });
      }),
    );
  });
});

describe("isNonBlocking()", () => {
  test("reads the flags of a descriptor", () => {
    expect(isNonBlocking("pos:\t0\nflags:\t02004002\nmnt_id:\t9\nino:\t7\n")).toBe(true);
    expect(isNonBlocking("pos:\t0\nflags:\t02000002\nmnt_id:\t9\nino:\t7\n")).toBe(false);
    expect(isNonBlocking("pos:\t0\n")).toBeUndefined();
  });
});

describe("isDatagramSocket()", () => {
  const list = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 21007 /run/stream.sock
0000000000000000: 00000002 00000000 00000000 0002 01 21008 /run/saxbridge/webridge.sock
0000000000000000: 00000002 00000000 00000000 0002 01 21009
`;

  test("finds a socket by its inode", () => {
    expect(isDatagramSocket(list, 21_007)).toBe(false);
    expect(isDatagramSocket(list, 21_008)).toBe(true);
    expect(isDatagramSocket(list, 21_009)).toBe(true);
    expect(isDatagramSocket(list, 2_100)).toBeUndefined();
  });
});
