import { startPage } from './page.ts';
import { suites } from './suites.ts';

startPage(suites);
