import { Scope } from "../shared/lifecycle/scope.ts";
import { sendDatagram } from "../shared/unix/datagram.ts";
import { type PhpSend, phpAnnounce, slowest } from "../test/support/php-announce.ts";
import type { Place } from "./bare/place.ts";
import type { BridgeProcess } from "./bridge-process.ts";
import type { Program } from "./candidates.ts";
import { measureBurst } from "./measure/burst.ts";
import { measureDisk } from "./measure/disk.ts";
import { measureLatency } from "./measure/latency.ts";
import { measureIdleMemory } from "./measure/memory.ts";
import { measureStartUp } from "./measure/start-up.ts";
import type { Options } from "./options.ts";
import { busyTable, type Figure, type Learned } from "./result.ts";
import { openStage, type Stage } from "./stage.ts";
import { median, quantile } from "./statistics.ts";

/** Measures announcements from datagram to room, on new servers. `tell` is told of each step. */
export async function measureAnnouncer(
  program: Program,
  options: Options,
  tell: (step: string) => void,
): Promise<Learned> {
  const scope = new Scope();
  try {
    tell("servers");
    const stage = await openStage({ ...options, archive: false }, scope);
    const far = await stage.joinRoom("alice");
    tell("disk");
    const disk = await measureDisk(stage.directory);
    tell("start-up");
    const bridge = stage.startBridge(program);
    const startUp = await measureStartUp(bridge, far);
    tell("memory");
    const memory = await measureIdleMemory(bridge);
    tell("latency");
    const paced = await announcePaced({ stage, far, bridge });
    tell("burst");
    const burst = await announceAtOnce({ stage, far, bridge }, options);
    return {
      figures: [
        figure("start-up, seen in the room", "ms", startUp),
        figure("memory, idle for 3 s", "MiB", memory),
        figure("latency of the disk, median", "ms", median(disk)),
        figure("latency of the disk, 99th percentile", "ms", quantile(disk, 0.99)),
        ...paced.figures,
        ...burst.figures,
      ],
      faults: [...paced.faults, ...burst.faults],
    };
  } finally {
    await scope.close();
  }
}

interface Cast {
  readonly stage: Stage;
  readonly far: Place;
  readonly bridge: BridgeProcess;
}

async function announcePaced({ stage, far, bridge }: Cast): Promise<Learned> {
  const say = (text: string) => sendDatagram(stage.socketPath, Buffer.from(text));
  const { totalMs, cpuPer1000, faults } = await measureLatency({ say, far, bridge });
  return {
    figures: [
      figure("latency, datagram to room, median", "ms", median(totalMs)),
      figure("latency, datagram to room, 99th percentile", "ms", quantile(totalMs, 0.99)),
      figure("CPU per 1,000 announcements, at 20/s", "CPU s", cpuPer1000),
    ],
    faults: faults.map((fault) => `at 20/s: ${fault}`),
  };
}

/** The burst comes from one PHP process, whose sends block as those of a site's code do. */
async function announceAtOnce(
  { stage, far, bridge }: Cast,
  { messages }: Options,
): Promise<Learned> {
  const sends: PhpSend[] = [];
  const sayAll = async (texts: readonly string[]) => {
    sends.push(...(await phpAnnounce(stage.socketPath, texts, { via: "socket_sendto" })));
  };
  const servers = { "XMPP server": stage.xmpp.pid };
  const burst = await measureBurst({ messages, sayAll, far, bridge, servers });
  return {
    figures: [
      figure("throughput", "messages/s", burst.throughput),
      figure("CPU per 1,000 announcements, burst", "CPU s", burst.cpuPer1000),
      figure("wait of the site's code in a burst, median", "ms", median(sends.map(({ ms }) => ms))),
      figure("wait of the site's code in a burst, longest", "ms", slowest(sends)),
      ...Object.entries(burst.busy).map(([who, value]): Figure => {
        return { table: busyTable, name: `announcements: ${who}`, unit: "% of a core", value };
      }),
    ],
    faults: [...burst.faults.map((fault) => `burst: ${fault}`), ...refusals(sends)],
  };
}

function refusals(sends: readonly PhpSend[]): readonly string[] {
  const refused = sends.filter(({ error }) => error !== null);
  if (refused.length === 0) return [];
  return [`burst: ${refused.length} datagrams could not be sent: ${refused[0]?.error}`];
}

function figure(name: string, unit: Figure["unit"], value: number): Figure {
  return { table: "Announcements", name, unit, value };
}
