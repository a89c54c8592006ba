import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isRelayedFrom, relayMark } from "../../../shared/xmpp/wire/relay-mark.ts";

const name = fc.string({ unit: "grapheme", minLength: 1 });

test("an id with the mark of a channel is known by whoever relays the same channel", () => {
  fc.assert(
    fc.property(name, name, (network, channel) => {
      const id = `${relayMark({ network, channel })}1`;
      expect(isRelayedFrom(id, { network, channel })).toBe(true);
      expect(isRelayedFrom(id, { network: undefined, channel })).toBe(true);
    }),
  );
});

test("networks and channels are told apart, whatever their case", () => {
  const id = `${relayMark({ network: "EFnet", channel: "#chat" })}1`;
  expect(isRelayedFrom(id, { network: "efnet", channel: "#Chat" })).toBe(true);
  expect(isRelayedFrom(id, { network: "Libera", channel: "#chat" })).toBe(false);
  expect(isRelayedFrom(id, { network: "EFnet", channel: "#dev" })).toBe(false);
  expect(isRelayedFrom(undefined, { network: "EFnet", channel: "#chat" })).toBe(false);
});

test("a mark that was made while the network was not known counts for any", () => {
  const id = `${relayMark({ network: undefined, channel: "#chat" })}1`;
  expect(isRelayedFrom(id, { network: "EFnet", channel: "#chat" })).toBe(true);
  expect(isRelayedFrom(id, { network: "EFnet", channel: "#dev" })).toBe(false);
});
