// npm start [-- BRIDGE...]: prepares the checkout and becomes the service, which says by itself when
// nothing is configured.
import { become } from "./become.mjs";
import { prepare } from "./prepare.mjs";

await prepare();
await become("run", ...process.argv.slice(2));
