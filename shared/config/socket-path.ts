import { utf8Length } from "../text/split.ts";
import { fromText, hasControls } from "./types.ts";

/** `sun_path` of unix(7) has 108 bytes, the last one a NUL; what is longer would be cut silently. */
export const maxSocketPathBytes = 107;

/** Where a UNIX socket stands in the file system. */
export const socketPath = () =>
  fromText(`a path of at most ${maxSocketPathBytes} bytes`, (text) =>
    hasControls(text) || utf8Length(text) > maxSocketPathBytes ? undefined : text,
  );
