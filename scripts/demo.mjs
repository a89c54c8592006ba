// npm run demo: prepares the checkout and becomes the demo.
import { become } from "./become.mjs";
import { prepare } from "./prepare.mjs";

await prepare({ packages: ["prosody", "inspircd", "php-cli", "openssl"] });
await become("demo");
