// case: express_class
import { Request, Response } from 'express';
import { exec } from 'child_process';
export class C {
  run = async (r: Request, s: Response): Promise<void> => {
    exec('ls ' + r.body.x);
  };
}

// case: hono
import { Hono } from 'hono';
import { exec } from 'child_process';
const app = new Hono();
app.get('/:id', (c) => {
  exec('ls ' + c.req.query('x'));
  return c.text('');
});

// case: hono_json
import { Hono } from 'hono';
import { exec } from 'child_process';
const app = new Hono().basePath('/a');
app.post('/', async (c) => {
  const { name } = await c.req.json();
  exec('ls ' + name);
});

// case: hono_param
import { Hono } from 'hono';
import { exec } from 'child_process';
const app = new Hono();
app.get('/:id', async (c) => {
  exec('ls ' + c.req.param('id'));
});

// case: lambda
import { APIGatewayProxyEvent } from 'aws-lambda';
import { exec } from 'child_process';
export const main = async (e: APIGatewayProxyEvent) => {
  exec('ls ' + e.pathParameters.x);
};

// case: nest
import { Controller, Get, Query, Param, Body, Post } from '@nestjs/common';
import { exec } from 'child_process';
@Controller('x')
export class X {
  @Get()
  a(@Query('q') q: string) {
    exec('ls ' + q);
  }
  @Post(':id')
  b(@Param('id') id: string, @Body() dto: Dto) {
    exec('rm ' + dto.name);
  }
}

// case: nest_req
import { Controller, Get, Req } from '@nestjs/common';
import { Request } from 'express';
import { exec } from 'child_process';
@Controller('x')
export class X {
  @Get()
  a(@Req() r: Request) {
    exec('ls ' + r.query.x);
  }
}

// case: nest_service
import { Controller, Get, Query, Injectable } from '@nestjs/common';
import { exec } from 'child_process';
@Injectable()
export class S {
  run(name: string) {
    exec('ls ' + name);
  }
}
@Controller('x')
export class X {
  constructor(private readonly s: S) {}
  @Get()
  a(@Query('q') q: string) {
    return this.s.run(q);
  }
}

// case: next_api
import type { NextApiRequest, NextApiResponse } from 'next';
import { exec } from 'child_process';
export default function handler(request: NextApiRequest, response: NextApiResponse) {
  exec('ls ' + request.query.x);
  response.end();
}

// case: next_gssp
import { exec } from 'child_process';
export async function getServerSideProps(context) {
  exec('ls ' + context.query.x);
  return { props: {} };
}

// case: next_route
import { exec } from 'child_process';
import { NextRequest } from 'next/server';
export async function POST(r: NextRequest) {
  const b = await r.json();
  exec('ls ' + b.name);
}

// case: next_route2
import { exec } from 'child_process';
export async function GET(request: Request, { params }: { params: { id: string } }) {
  const u = new URL(request.url);
  exec('ls ' + u.searchParams.get('x'));
  exec('ls ' + params.id);
}

// case: trpc
import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import { exec } from 'child_process';
const t = initTRPC.create();
export const r = t.router({
  a: t.procedure.input(z.string()).query(({ input }) => {
    exec('ls ' + input);
  }),
});
