import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Account,
  accountFor,
  type Declared,
  type Flow,
  longestWithout,
  type Offence,
} from "../../chaos/account.ts";

const SECOND = 1_000;

function flow(changes: Partial<Flow> = {}): Flow {
  return {
    name: "a to b",
    queue: "a",
    said: [],
    heard: [],
    echoed: [],
    declared: [],
    returns: [],
    deaf: [],
    faults: [],
    ...changes,
  };
}

const numbers = (...list: readonly number[]) =>
  list.map((number, i) => ({ tag: "x" as const, number, at: i * SECOND }));
const said = (...list: readonly number[]) =>
  list.map((number) => ({ tag: "x" as const, number, at: number * 60 * SECOND, isSure: true }));
const declare = (count: number | undefined, minutes: readonly [number, number]): Declared => {
  const shown = { since: minutes[0] * 60 * SECOND, until: minutes[1] * 60 * SECOND };
  return { shown, spans: [shown], count, of: "to here", text: "" };
};
const numbersOf = (list: readonly { readonly number: number }[]) =>
  list.map(({ number }) => number);

const offending = ({ offences }: Account, what: Offence["what"]) =>
  numbersOf(offences.filter((offence) => offence.what === what));

describe("accountFor()", () => {
  test("finds nothing wrong with what is heard once and in order", () => {
    const account = accountFor(flow({ said: said(1, 2, 3), heard: numbers(1, 2, 3) }));
    expect(account).toMatchObject({ sent: 3, heard: 3, declaredLost: [], offences: [] });
  });

  test("counts every time but the first, and what came back", () => {
    const account = accountFor(
      flow({ said: said(1, 2, 3), heard: numbers(1, 2, 1, 1), echoed: numbers(2, 3) }),
    );
    expect(offending(account, "doubled")).toEqual([1, 1, 2, 3]);
  });

  test("knows the order of each speaker alone", () => {
    const mixed = [...numbers(1, 3, 2), { tag: "p" as const, number: 1, at: 0 }];
    expect(offending(accountFor(flow({ heard: mixed })), "reordered")).toEqual([2]);
  });

  test("believes a line for the time of which it speaks", () => {
    const account = accountFor(
      flow({
        said: said(1, 2, 3, 4, 5),
        heard: numbers(1, 5),
        declared: [declare(undefined, [2, 3])],
        returns: [4 * 60 * SECOND],
      }),
    );
    expect(numbersOf(account.declaredLost)).toEqual([2, 3]);
    expect(offending(account, "undeclared lost")).toEqual([4]);
  });

  test("believes no line for what was said while the program was there", () => {
    const account = accountFor(
      flow({
        said: said(1, 2, 3, 4, 5),
        heard: numbers(1, 3, 5),
        declared: [declare(undefined, [0, 9])],
        returns: [4.5 * 60 * SECOND],
      }),
    );
    expect(numbersOf(account.declaredLost)).toEqual([4]);
    expect(offending(account, "undeclared lost")).toEqual([2]);
  });

  test("believes a line for no more messages than it speaks of", () => {
    const account = accountFor(flow({ said: said(1, 2, 3), declared: [declare(2, [0, 9])] }));
    expect(numbersOf(account.declaredLost)).toEqual([1, 2]);
    expect(offending(account, "undeclared lost")).toEqual([3]);
  });

  test("demands nothing of what may not have been said", () => {
    const maybe = said(1).map((one) => ({ ...one, isSure: false }));
    expect(accountFor(flow({ said: maybe }))).toMatchObject({ sent: 0, offences: [] });
    const twice = accountFor(flow({ said: maybe, heard: numbers(1, 1) }));
    expect(offending(twice, "doubled")).toEqual([1]);
  });

  test("measures how long nothing was heard, and how long of that nothing was wrong", () => {
    const minute = 60 * SECOND;
    const heard = [
      { tag: "x" as const, number: 1, at: minute + 200 },
      { tag: "x" as const, number: 4, at: 4 * minute + 500 },
    ];
    const account = accountFor(
      flow({
        said: said(1, 2, 3, 4),
        heard,
        faults: [{ since: 1.5 * minute, until: 4 * minute }],
      }),
    );
    expect(account).toMatchObject({
      longestWait: 500,
      longestBlind: { since: 4 * minute, until: 4 * minute + 500 },
    });
    expect(accountFor(flow({ said: said(1, 2, 3, 4), heard })).longestBlind).toEqual({
      since: 2 * minute,
      until: 4 * minute + 500,
    });
  });

  test("every number that was sent is heard, declared, unobservable or offends", () => {
    const few = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 });
    const minutes = fc.tuple(fc.nat(20), fc.nat(20));
    const lines = fc.array(fc.tuple(fc.option(fc.nat(5), { nil: undefined }), minutes));
    fc.assert(
      fc.property(few, few, lines, minutes, (sent, heard, told, [since, until]) => {
        const all = [...new Set(sent)];
        const account = accountFor(
          flow({
            said: said(...all),
            heard: numbers(...heard),
            declared: told.map(([count, period]) => declare(count, period)),
            deaf: [{ since: since * 60 * SECOND, until: until * 60 * SECOND }],
          }),
        );
        const arrived = all.filter((number) => heard.includes(number)).length;
        const lost = account.declaredLost.length + offending(account, "undeclared lost").length;
        expect(arrived + lost + account.unobservable).toBe(account.sent);
      }),
    );
  });
});

describe("longestWithout()", () => {
  test("measures the longest stretch that nothing else touches", () => {
    const span = { since: 0, until: 100 };
    const without = (...others: readonly (readonly [number, number])[]) => {
      const spans = others.map(([since, until]) => ({ since, until }));
      const { since, until } = longestWithout(spans, span);
      return [since, until];
    };
    expect(without()).toEqual([0, 100]);
    expect(without([40, 45])).toEqual([45, 100]);
    expect(without([10, 90], [5, 20])).toEqual([90, 100]);
    expect(without([-5, 200])).toEqual([0, 0]);
    expect(without([150, 200])).toEqual([0, 100]);
  });
});
