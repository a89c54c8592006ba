export type Casemapping = "ascii" | "rfc1459" | "rfc1459-strict";
