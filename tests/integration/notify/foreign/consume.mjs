// An agency's program in another language: reads its queue with amqplib and prints what came, a JSON line a message.
// node consume.mjs ADDRESS QUEUE NUMBER
import { connect } from "amqplib";

const [address, queue, number] = process.argv.slice(2);
const connection = await connect(address);
const channel = await connection.createChannel();
await channel.prefetch(5);

let taken = 0;
await new Promise((done) => {
  channel.consume(queue, (message) => {
    const { contentType, messageId, deliveryMode, type, headers } = message.properties;
    const body = message.content.toString("utf8");
    console.log(JSON.stringify({ contentType, messageId, deliveryMode, type, headers, body }));
    channel.ack(message);
    taken += 1;
    if (taken === Number(number)) done();
  });
});
await channel.close();
await connection.close();
