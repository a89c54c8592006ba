import type { BridgeEntry } from "../shared/lifecycle/bridge.ts";
import { irc } from "./irc-relay/config.ts";
import { webridge } from "./webridge/config.ts";

/** Every bridge there is: a new one needs a folder beside this file and an entry in this list. */
export const bridges: readonly BridgeEntry[] = [
  {
    name: "webridge",
    section: webridge,
    load: async () => (await import("./webridge/bridge.ts")).webridge,
  },
  {
    name: "irc-relay",
    section: irc,
    load: async () => (await import("./irc-relay/bridge.ts")).ircRelay,
  },
];
