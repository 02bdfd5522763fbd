// Drives a running chat service with OpenAI's own client, unchanged:
//   npm ci && node check.mjs http://localhost:8080/v1
// The service must let one request run and none wait, so that there is a status 429 to see:
//   --slipstream.models.storyteller-7m.max-active=1 --slipstream.models.storyteller-7m.max-queued=0
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const baseURL = process.argv[2] ?? 'http://localhost:8080/v1';
const client = new OpenAI({ baseURL, apiKey: 'not used', maxRetries: 0, timeout: 120_000 });
const messages = [{ role: 'user', content: 'Once upon a time' }];
const prompt = 'Once upon a time';

async function refused(promise, type, status, code, param) {
  const error = await promise.then(() => assert.fail('was not refused'), e => e);
  assert.ok(error instanceof type, `${error}`);
  assert.equal(error.status, status);
  if (code !== undefined) assert.equal(error.code, code);
  if (param !== undefined) assert.equal(error.param, param);
  return error;
}

async function collect(stream) {
  let text = '';
  let usage;
  for await (const event of stream) {
    text += event.choices[0]?.delta?.content ?? event.choices[0]?.text ?? '';
    usage = event.usage ?? usage;
  }
  return { text, usage };
}

const model = (await client.models.list()).data[0];

const checks = {
  async 'models.list and models.retrieve'() {
    assert.deepEqual(await client.models.retrieve(model.id), model);
    await refused(client.models.retrieve('gpt-none'), OpenAI.NotFoundError, 404, 'model_not_found', 'model');
  },

  async 'chat.completions.create, whole'() {
    const answer = await client.chat.completions.create({ model: model.id, messages, max_tokens: 12 });
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.model, model.id);
    assert.equal(answer.choices[0].message.role, 'assistant');
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.equal(answer.choices[0].finish_reason, 'length');
    assert.equal(answer.usage.completion_tokens, 12);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + 12);
  },

  async 'chat.completions.create, streamed, is the same text'() {
    const options = { model: model.id, messages, max_completion_tokens: 20, temperature: 0.9, seed: 7 };
    const whole = await client.chat.completions.create(options);
    const { text, usage } = await collect(await client.chat.completions.create(
      { ...options, stream: true, stream_options: { include_usage: true } }));
    assert.equal(text, whole.choices[0].message.content);
    assert.deepEqual(usage, whole.usage);
  },

  async 'chat.completions.stream, the collecting one'() {
    const stream = client.chat.completions.stream({ model: model.id, messages, max_tokens: 10, temperature: 0, n: 2,
      logprobs: true, stream_options: { include_usage: true } });
    let deltas = '';   // of both texts, one after the other
    stream.on('content', delta => { deltas += delta; });
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices.length, 2);
    assert.equal(final.choices[0].message.content, final.choices[1].message.content);
    assert.equal(deltas, final.choices[0].message.content + final.choices[1].message.content);
    assert.equal(final.choices[0].logprobs.content.length, 10);
    assert.equal((await stream.totalUsage()).completion_tokens, 20);
  },

  async 'chat log-probabilities'() {
    const answer = await client.chat.completions.create(
      { model: model.id, messages, max_tokens: 4, temperature: 0, logprobs: true, top_logprobs: 3 });
    const content = answer.choices[0].logprobs.content;
    assert.equal(content.length, 4);
    for (const token of content) {
      assert.equal(token.top_logprobs.length, 3);
      assert.equal(token.logprob, token.top_logprobs[0].logprob);
      assert.ok(token.logprob <= 0);
    }
  },

  async 'text parts, developer role, null parameters'() {
    const answer = await client.chat.completions.create({
      model: model.id, max_tokens: 2, stop: null, user: 'someone', store: false, metadata: { a: 'b' },
      messages: [{ role: 'developer', content: 'Tell.' }, { role: 'user', content: [{ type: 'text', text: 'A fox' }] }],
    });
    assert.equal(answer.choices.length, 1);
  },

  async 'completions.create, whole and streamed'() {
    const options = { model: model.id, prompt, max_tokens: 20, temperature: 0 };
    const whole = await client.completions.create(options);
    assert.equal(whole.object, 'text_completion');
    const { text } = await collect(await client.completions.create({ ...options, stream: true }));
    assert.equal(text, whole.choices[0].text);
  },

  async 'completions.create, prompts, n, seed, logprobs'() {
    const answer = await client.completions.create(
      { model: model.id, prompt: [prompt, 'The old man'], n: 2, seed: 3, temperature: 1, max_tokens: 5, logprobs: 2 });
    assert.deepEqual(answer.choices.map(choice => choice.index), [0, 1, 2, 3]);
    assert.equal(answer.choices[3].logprobs.tokens.length, 5);
    const again = await client.completions.create({ model: model.id, prompt, seed: 4, temperature: 1, max_tokens: 5 });
    assert.equal(again.choices[0].text, answer.choices[1].text);
  },

  async 'stop strings'() {
    const options = { model: model.id, prompt, max_tokens: 20, temperature: 0 };
    const whole = (await client.completions.create(options)).choices[0].text;
    const word = whole.trim().split(' ')[3];
    const stopped = (await client.completions.create({ ...options, stop: [word, 'never this'] })).choices[0];
    assert.equal(stopped.finish_reason, 'stop');
    assert.equal(stopped.text, whole.slice(0, whole.indexOf(word)));
  },

  async 'errors arrive as the client\'s own classes'() {
    await refused(client.chat.completions.create({ model: 'gpt-none', messages }), OpenAI.NotFoundError, 404, 'model_not_found', 'model');
    await refused(client.chat.completions.create({ model: model.id, messages, temperature: -1 }), OpenAI.BadRequestError, 400, null, 'temperature');
    await refused(client.chat.completions.create({ model: model.id, messages: [] }), OpenAI.BadRequestError, 400, null, 'messages');
    const long = await refused(client.completions.create({ model: model.id, prompt: 'word '.repeat(20_000) }),
      OpenAI.BadRequestError, 400, 'context_length_exceeded', 'prompt');
    assert.match(long.message, new RegExp(`${model.context_length}`));
    await refused(client.completions.create({ model: model.id, prompt: 'x'.repeat(3_000_000) }), OpenAI.APIError, 413, 'request_too_large');
  },

  async 'status 429 when the queue is full, and the client\'s own retry'() {
    const requests = await Promise.allSettled(Array.from({ length: 6 }, () =>
      client.completions.create({ model: model.id, prompt, max_tokens: 150 })));
    const failed = requests.filter(request => request.status === 'rejected').map(request => request.reason);
    assert.ok(failed.length > 0 && failed.length < 6, `${failed.length} of 6 failed`);
    for (const error of failed) {
      assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
    }
    const patient = new OpenAI({ baseURL, apiKey: 'not used', maxRetries: 10 });
    await Promise.all(Array.from({ length: 3 }, () => patient.completions.create({ model: model.id, prompt, max_tokens: 20 })));
  },

  async 'an aborted stream frees its place'() {
    const stream = await client.completions.create({ model: model.id, prompt, max_tokens: 200, stream: true });
    for await (const event of stream) {
      if (event.choices[0].text) break;   // leaving the loop aborts the request
    }
    const patient = new OpenAI({ baseURL, apiKey: 'not used', maxRetries: 10 });
    await patient.completions.create({ model: model.id, prompt, max_tokens: 1 });
  },

  async 'what there is not is refused by name'() {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } };
    await refused(client.chat.completions.parse({ model: model.id, messages, response_format: format }), OpenAI.BadRequestError, 400, 'unsupported_parameter', 'response_format');
    await refused(client.completions.create({ model: model.id, prompt, echo: true }), OpenAI.BadRequestError, 400, 'unsupported_parameter', 'echo');
    await refused(client.embeddings.create({ model: model.id, input: 'x' }), OpenAI.NotFoundError, 404, 'unknown_url');
    await refused(client.responses.create({ model: model.id, input: 'x' }), OpenAI.NotFoundError, 404, 'unknown_url');
  },
};

let failures = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (error) {
    failures++;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
console.log(`${Object.keys(checks).length - failures} passed, ${failures} failed`);
process.exit(failures ? 1 : 0);
