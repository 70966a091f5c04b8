import { render } from 'preact';
import '../view/base.css';
import './status.css';
import { StatusPage } from './status-page.js';

render(<StatusPage />, document.getElementById('page')!);
