import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * Seconds of CPU that the living threads of a process have had: proc(5), schedstat, which counts
 * nanoseconds where /proc/PID/stat counts ticks of 10 ms. Throws when the process has ended.
 */
export function cpuSeconds(pid: number): number {
  if (!existsSync(`/proc/${pid}`)) throw new Error(`Cannot measure process ${pid}: it has ended`);
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => {
    const [running] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ");
    return Number(running);
  });
  return nanoseconds.reduce((sum, ns) => sum + ns, 0) / 1e9;
}

/** Memory of a process that is in RAM now, in MiB. */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
