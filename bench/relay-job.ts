import { Scope } from "../shared/lifecycle/scope.ts";
import type { Place } from "./bare/place.ts";
import type { BridgeProcess } from "./bridge-process.ts";
import type { Program } from "./candidates.ts";
import { measureBurst, sayAllIn } from "./measure/burst.ts";
import { measureLatency } from "./measure/latency.ts";
import { measureIdleMemory } from "./measure/memory.ts";
import { measureStartUp } from "./measure/start-up.ts";
import type { Options } from "./options.ts";
import { busyTable, type Figure, type Learned } from "./result.ts";
import { openStage, type Stage } from "./stage.ts";
import { median, quantile } from "./statistics.ts";

/** Measures a relay between a room and a channel, on new servers. `tell` is told of each step. */
export async function measureRelay(
  program: Program,
  options: Options,
  tell: (step: string) => void,
): Promise<Learned> {
  const scope = new Scope();
  try {
    tell("servers");
    const stage = await openStage({ ...options, archive: false }, scope);
    const alice = await stage.joinRoom("alice");
    const carol = await stage.joinChannel("carol");
    tell("start-up");
    const bridge = stage.startBridge(program);
    const figures = [
      figure("start-up, seen in the room", "ms", await measureStartUp(bridge, alice)),
      figure("start-up, seen in the channel", "ms", await measureStartUp(bridge, carol)),
    ];
    tell("memory");
    figures.push(figure("memory, idle for 3 s", "MiB", await measureIdleMemory(bridge)));
    const latencies = await latencyOfBothWays({ stage, alice, carol, bridge, tell });
    const bursts = await burstsOfBothWays({ stage, alice, carol, bridge, tell }, options);
    const parts = [...latencies, ...bursts];
    return {
      figures: [...figures, ...parts.flatMap((part) => part.figures)],
      faults: parts.flatMap((part) => part.faults),
    };
  } finally {
    await scope.close();
  }
}

interface Cast {
  readonly stage: Stage;
  readonly alice: Place;
  readonly carol: Place;
  readonly bridge: BridgeProcess;
  readonly tell: (step: string) => void;
}

/** The far and the near side are heard by people who say nothing themselves. */
async function latencyOfBothWays({ stage, alice, carol, bridge, tell }: Cast): Promise<Learned[]> {
  const bob = await stage.joinRoom("bob");
  const dave = await stage.joinChannel("dave");
  const learned: Learned[] = [];
  for (const [way, from, near, far] of [
    ["room to IRC", alice, bob, dave],
    ["IRC to room", carol, dave, bob],
  ] as const) {
    tell(`latency, ${way}`);
    const latency = await measureLatency({ say: (text) => from.say(text), near, far, bridge });
    learned.push({
      figures: [
        figure(`latency without bridge, ${way}, median`, "ms", median(latency.directMs)),
        figure(`latency through bridge, ${way}, median`, "ms", median(latency.totalMs)),
        figure(`latency added, ${way}, median`, "ms", median(latency.addedMs)),
        figure(`latency added, ${way}, 99th percentile`, "ms", quantile(latency.addedMs, 0.99)),
        figure(`CPU per 1,000 messages, ${way}, at 20/s`, "CPU s", latency.cpuPer1000),
      ],
      faults: latency.faults.map((fault) => `at 20/s, ${way}: ${fault}`),
    });
  }
  bob.leave();
  dave.leave();
  return learned;
}

async function burstsOfBothWays(
  { stage, alice, carol, bridge, tell }: Cast,
  { messages }: Options,
): Promise<Learned[]> {
  const servers = { "XMPP server": stage.xmpp.pid, "IRC server": stage.irc.pid };
  const learned: Learned[] = [];
  for (const [way, from, far] of [
    ["room to IRC", alice, carol],
    ["IRC to room", carol, alice],
  ] as const) {
    tell(`burst, ${way}`);
    const sayAll = (texts: readonly string[]) => sayAllIn(from, texts);
    const burst = await measureBurst({ messages, sayAll, far, bridge, servers });
    learned.push({
      figures: [
        figure(`throughput, ${way}`, "messages/s", burst.throughput),
        figure(`CPU per 1,000 messages, ${way}, burst`, "CPU s", burst.cpuPer1000),
        ...Object.entries(burst.busy).map(([who, value]): Figure => {
          return { table: busyTable, name: `${way}: ${who}`, unit: "% of a core", value };
        }),
      ],
      faults: burst.faults.map((fault) => `burst, ${way}: ${fault}`),
    });
  }
  return learned;
}

function figure(name: string, unit: Figure["unit"], value: number): Figure {
  return { table: "Relay", name, unit, value };
}
