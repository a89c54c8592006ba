import { openSqliteJournal } from "../../../shared/outbox/sqlite-outbox.ts";
import { silentLog } from "../../support/silent-log.ts";

/** Writes rows into the outbox that is named, and says the seq of each after it is flushed, until it is killed. */
const [, , path = ""] = process.argv;
const journal = openSqliteJournal(path, silentLog);

function writeSome(): void {
  for (let i = 0; i < 10; i += 1) {
    const seq = journal.nextSeq();
    journal.append({ seq, queue: "q", id: `id-${seq}`, at: 5, value: "{}" });
    journal.flush();
    process.stdout.write(`${seq}\n`);
  }
  setImmediate(writeSome);
}
writeSome();
