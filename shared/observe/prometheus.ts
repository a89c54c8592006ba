import { Counter, Gauge, Registry } from "prom-client";
import type { Metric } from "./metrics.ts";

/** Metrics, and those of this process, in the text format of Prometheus. */
export async function formatForPrometheus(
  metrics: readonly Metric[],
): Promise<{ readonly type: string; readonly body: string }> {
  const registry = new Registry();
  for (const metric of [...metrics, ...ofProcess()]) {
    // Without a sample the library would make one without labels up.
    if (metric.samples.length > 0) register(metric, registry);
  }
  return { type: registry.contentType, body: await registry.metrics() };
}

function register({ kind, name, help, samples }: Metric, registry: Registry): void {
  const labelNames = [...new Set(samples.flatMap(([labels]) => Object.keys(labels)))];
  const options = { help, labelNames, registers: [registry] };
  if (kind === "gauge") {
    const gauge = new Gauge({ ...options, name });
    for (const [labels, value] of samples) gauge.set(labels, value);
  } else {
    const counter = new Counter({ ...options, name: `${name}_total` });
    for (const [labels, value] of samples) counter.inc(labels, value);
  }
}

/** Named as everybody names them. */
function ofProcess(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const startedAt = Date.now() / 1_000 - process.uptime();
  return [
    {
      kind: "total",
      name: "process_cpu_seconds",
      help: "Processor time of this process.",
      samples: [[{}, (user + system) / 1e6]],
    },
    {
      kind: "gauge",
      name: "process_resident_memory_bytes",
      help: "Memory of this process.",
      samples: [[{}, process.memoryUsage.rss()]],
    },
    {
      kind: "gauge",
      name: "process_start_time_seconds",
      help: "When this process was started, since 1970.",
      samples: [[{}, startedAt]],
    },
  ];
}
