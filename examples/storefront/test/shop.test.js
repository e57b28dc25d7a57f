import assert from 'node:assert/strict';
import { test } from 'node:test';
import request from 'supertest';
import { createShop } from '../src/shop.js';

test('products are grouped by shelf', async () => {
  const { body } = await request(createShop()).get('/products').expect(200);
  assert.deepEqual(Object.keys(body), ['tea', 'cups']);
});

test('an unknown product is refused', async () => {
  await request(createShop()).post('/orders').send({ product: 99 }).expect(404);
});
