import type { Count, Labels } from "./counters.ts";
import { judge } from "./judge.ts";
import type { Snapshot } from "./snapshot.ts";

/** One metric. Units are those of Prometheus: seconds and bytes; totals only ever rise. */
export interface Metric {
  readonly kind: "gauge" | "total";
  /** Without the `_total` of a total. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

type Sample = readonly [labels: Labels, value: number];

export interface MetricsOptions {
  readonly snapshot: Snapshot;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly wallNow: number;
  /** What each bridge has counted. */
  readonly counts: ReadonlyMap<string, readonly Count[]>;
  readonly version: string;
}

/**
 * Everything that can be measured of the service, put together when it is asked for: nothing is paid for
 * in between. Labels come from the configuration and from closed sets, or are bounded by `Counters`.
 */
export function metricsOf(options: MetricsOptions): readonly Metric[] {
  return [
    gauge("saxbridge_build_info", "Always 1, with the version.", [
      [{ version: options.version }, 1],
    ]),
    ...ofLinks(options),
    ...ofDirections(options),
    ...ofOutbox(options),
    ...ofCounts(options),
  ];
}

/** What the counts of the bridges mean, by name. */
const COUNTED: Readonly<Record<string, string>> = {
  announcements: "Announcements that were settled, by their fate.",
  datagrams: "Datagrams from the site, by what was made of them.",
  handler_failures: "Bugs that hit one message and were kept from the next.",
  irc_speech_ignored: "Lines of a channel that are not for the room, by reason.",
  messages: "Relayed messages: what was made of them on arrival, and their fate.",
};

function ofLinks({ snapshot, now }: MetricsOptions): readonly Metric[] {
  const { links, servers } = snapshot;
  return [
    gauge(
      "saxbridge_link_up",
      "1 for a link that is up, 0 for one that is not.",
      links.map(({ name: link, state }) => [{ link }, state.at === "up" ? 1 : 0]),
    ),
    gauge(
      "saxbridge_link_attempts",
      "How often a link was tried since it was up.",
      links.map(({ name: link, attempts }) => [{ link }, attempts]),
    ),
    gauge(
      "saxbridge_link_silence_seconds",
      "Time since the last sign of life over a link that is up.",
      links.flatMap(({ name: link, proof }): readonly Sample[] =>
        proof === undefined ? [] : [[{ link }, seconds(now - proof.at)]],
      ),
    ),
    gauge(
      "saxbridge_irc_server_left_alone_seconds",
      "For how long an IRC server is not tried, because of how it refused us.",
      servers.map(({ name: server, freeInMs }) => [{ server }, seconds(freeInMs)]),
    ),
  ];
}

function ofDirections({ snapshot, wallNow }: MetricsOptions): readonly Metric[] {
  const { directions } = snapshot;
  return [
    gauge(
      "saxbridge_direction_pending_messages",
      "Messages of a direction that are not settled.",
      directions.map(({ name: direction, pending }) => [{ direction }, pending]),
    ),
    gauge(
      "saxbridge_direction_oldest_message_age_seconds",
      "Time since the oldest of them was taken; 0 when there is none.",
      directions.map(({ name: direction, oldestAt = wallNow }) => [
        { direction },
        seconds(Math.max(0, wallNow - oldestAt)),
      ]),
    ),
    gauge(
      "saxbridge_direction_last_delivery_timestamp_seconds",
      "When a message of a direction was confirmed last, since 1970; 0 when none was yet.",
      directions.map(({ name: direction, lastDeliveredAt = 0 }) => [
        { direction },
        seconds(lastDeliveredAt),
      ]),
    ),
    total(
      "saxbridge_direction_settled_messages",
      "Messages of a direction that were settled, by their fate.",
      directions.flatMap(({ name: direction, fates }) =>
        Object.entries(fates).map(([fate, value]): Sample => [{ direction, fate }, value]),
      ),
    ),
  ];
}

function ofOutbox({ snapshot, now }: MetricsOptions): readonly Metric[] {
  const { trouble, inMemoryOnly } = snapshot.outbox;
  const kinds = judge(snapshot, now).map(({ kind }) => kind);
  return [
    gauge("saxbridge_outbox_on_disk", "0 while the outbox cannot be written.", [
      [{}, trouble === undefined ? 1 : 0],
    ]),
    gauge("saxbridge_outbox_memory_only_messages", "Messages that a crash now would lose.", [
      [{}, inMemoryOnly],
    ]),
    gauge(
      "saxbridge_complaints",
      "What is wrong with the service itself and starves its watchdog.",
      COMPLAINTS.map((kind) => [{ kind }, kinds.filter((each) => each === kind).length]),
    ),
  ];
}

const COMPLAINTS = ["deaf", "idle", "stuck"] as const;

function ofCounts({ counts }: MetricsOptions): readonly Metric[] {
  const byName = new Map<string, Sample[]>();
  for (const [bridge, ofBridge] of counts) {
    for (const { name, labels, value } of ofBridge) {
      byName.set(name, [...(byName.get(name) ?? []), [{ bridge, ...labels }, value]]);
    }
  }
  return [...byName].map(([name, samples]) =>
    total(`saxbridge_${name}`, COUNTED[name] ?? "Counted by the bridges.", samples),
  );
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { kind: "gauge", name, help, samples };
}

function total(name: string, help: string, samples: readonly Sample[]): Metric {
  return { kind: "total", name, help, samples };
}

function seconds(ms: number): number {
  return ms / 1_000;
}
