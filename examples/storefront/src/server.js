import { createShop } from './shop.js';

const port = Number(process.env.PORT ?? 3000);
createShop().listen(port, () => {
  console.log(`storefront listens on port ${port}`);
});
