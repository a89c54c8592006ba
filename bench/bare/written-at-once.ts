/**
 * A `write` that collects the text of one turn of the event loop and passes it on as one, so that a
 * burst costs few system calls.
 */
export function writtenAtOnce(write: (text: string) => void): (text: string) => void {
  let waiting = "";
  const flush = () => {
    const text = waiting;
    waiting = "";
    write(text);
  };
  return (text) => {
    if (waiting === "") queueMicrotask(flush);
    waiting += text;
  };
}
