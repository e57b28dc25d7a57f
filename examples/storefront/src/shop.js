import express from 'express';
import groupBy from 'lodash/groupBy.js';

const products = [
  { id: 1, shelf: 'tea', name: 'Assam', cents: 690 },
  { id: 2, shelf: 'tea', name: 'Sencha', cents: 840 },
  { id: 3, shelf: 'cups', name: 'Glass cup', cents: 1250 },
];

/** The shop as an Express application; nothing listens yet. */
export function createShop() {
  const app = express();
  app.use(express.json({ limit: '10kb' }));

  app.get('/products', (_request, response) => {
    response.json(groupBy(products, 'shelf'));
  });

  app.post('/orders', (request, response) => {
    const product = products.find(({ id }) => id === request.body?.product);
    if (!product) {
      response.status(404).json({ error: 'no such product' });
      return;
    }
    response.status(201).json({ product: product.name, cents: product.cents });
  });

  return app;
}
