// A typical implementation: Nest on Express, @nestjs/axios with its defaults, one upstream request for each request.
import 'reflect-metadata';
import { HttpModule, HttpService } from '@nestjs/axios';
import { BadGatewayException, Controller, Get, Headers, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { firstValueFrom } from 'rxjs';

class NaiveController {
  constructor(http) {
    this.http = http;
  }

  async list(authorization) {
    try {
      const { data } = await firstValueFrom(
        this.http.get(`${process.env.UPSTREAM}/v1/models`, { headers: { authorization } }),
      );
      return {
        object: 'list',
        data: data.data.map(({ id, created, owned_by }) => ({ id, object: 'model', created, owned_by })),
      };
    } catch {
      throw new BadGatewayException();
    }
  }
}
Controller('v1')(NaiveController);
Inject(HttpService)(NaiveController, undefined, 0);
Get('models')(
  NaiveController.prototype,
  'list',
  Object.getOwnPropertyDescriptor(NaiveController.prototype, 'list'),
);
Headers('authorization')(NaiveController.prototype, 'list', 0);

class NaiveModule {}
Module({ imports: [HttpModule], controllers: [NaiveController] })(NaiveModule);

const app = await NestFactory.create(NaiveModule, { logger: false });
await app.listen(Number(process.env.PORT), '127.0.0.1');
