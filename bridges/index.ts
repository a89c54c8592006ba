import type { Bridge } from "../shared/lifecycle/bridge.ts";
import { ircRelay } from "./irc-relay/bridge.ts";
import { webridge } from "./webridge/bridge.ts";

/** Every bridge there is: a new one needs a folder beside this file and its name in this list. */
export const bridges: readonly Bridge[] = [webridge, ircRelay];
