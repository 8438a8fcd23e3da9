// The peer of workflow_server: the same five durable steps as a Restate handler. env: SERVICE_PORT
import * as restate from "@restatedev/restate-sdk";

// The SDK asks for Node 22; older ones lack only this function.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
};

const run = async (ctx) => {
  let n = 0;
  for (let i = 0; i < 5; i++) n = await ctx.run("s" + i, () => n + 1);
  return n;
};
const flow = restate.service({ name: "flow", handlers: { run } });
restate.serve({ services: [flow], port: Number(process.env.SERVICE_PORT) });
