import { connect } from "node:net";

const PATIENCE_MS = 1_000;

/** Whether an IRC server answers on this port of 127.0.0.1: to a client that quits before it registers. */
export function answersIrc(port: number): Promise<boolean> {
  return answers(port, "QUIT\r\n", (received) => received.includes("ERROR"));
}

/** Whether an XMPP server for `domain` answers on this port with stream features (RFC 6120 section 4.3.2). */
export function answersXmpp(port: number, domain: string): Promise<boolean> {
  const header =
    `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' ` +
    "xmlns:stream='http://etherx.jabber.org/streams'>";
  return answers(port, header, (received) => received.includes("<stream:features"));
}

function answers(
  port: number,
  greeting: string,
  isAnswer: (received: string) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let received = "";
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(PATIENCE_MS, () => settle(false));
    socket.on("error", () => settle(false));
    socket.on("close", () => settle(false));
    socket.on("connect", () => socket.write(greeting));
    socket.on("data", (text: string) => {
      received += text;
      if (isAnswer(received)) settle(true);
    });
  });
}
