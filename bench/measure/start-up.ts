import type { Place } from "../bare/place.ts";
import type { BridgeProcess } from "../bridge-process.ts";
import { bridgeNick } from "../environment.ts";
import { until } from "../until.ts";

const PATIENCE_MS = 30_000;

/**
 * Milliseconds from the start of the bridge's process until somebody in this place has seen it come in,
 * even if that was before this call. Rejects with the bridge's log when it does not come.
 */
export async function measureStartUp(bridge: BridgeProcess, place: Place): Promise<number> {
  await until(() => place.cameAt(bridgeNick) !== undefined || !bridge.isRunning, PATIENCE_MS);
  const cameAt = place.cameAt(bridgeNick);
  if (cameAt !== undefined) return cameAt - bridge.startedAt;
  throw new Error(`Cannot measure a bridge that does not join: its log ends:\n${bridge.log}`);
}
