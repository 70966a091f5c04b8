import ts from 'typescript';
import { lineOf, type Module } from './modules.js';

/**
 * What a module does when it is imported, beyond making constants, functions and classes: `sideEffects: false` in
 * package.json promises bundlers that there is nothing of the kind. Calls marked as pure are taken at their word,
 * their arguments are not.
 */
export function sideEffects(module: Module): readonly string[] {
  const found: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    found.push(`packages/${module.package}/src/${module.path}:${lineOf(module.source, node)} ${what} when imported`);
  };
  for (const statement of module.source.statements) checkStatement(statement, report);
  return found;
}

type Report = (node: ts.Node, what: string) => void;

function checkStatement(statement: ts.Statement, report: Report): void {
  if (ts.isImportDeclaration(statement)) {
    if (statement.importClause === undefined) report(statement, 'imports for the effect alone');
  } else if (ts.isVariableStatement(statement)) {
    const { declarationList } = statement;
    if (isDeclare(statement)) return;
    if (!(declarationList.flags & ts.NodeFlags.Const)) report(statement, 'makes a variable, not a constant,');
    for (const { initializer } of declarationList.declarations)
      if (initializer !== undefined) checkValue(initializer, report);
  } else if (ts.isClassDeclaration(statement)) checkClass(statement, report);
  else if (ts.isExportAssignment(statement)) checkValue(statement.expression, report);
  else if (!isDeclaration(statement)) report(statement, 'runs a statement');
}

function isDeclaration(statement: ts.Statement): boolean {
  return (
    ts.isFunctionDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    (ts.isModuleDeclaration(statement) && isDeclare(statement)) ||
    ts.isEmptyStatement(statement)
  );
}

function isDeclare(node: ts.VariableStatement | ts.ModuleDeclaration): boolean {
  return node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

function checkClass(node: ts.ClassLikeDeclaration, report: Report): void {
  for (const clause of node.heritageClauses ?? [])
    if (clause.token === ts.SyntaxKind.ExtendsKeyword)
      for (const { expression } of clause.types) checkValue(expression, report);
  for (const member of node.members) {
    if (ts.isClassStaticBlockDeclaration(member)) report(member, 'runs a static block');
    else if (member.name !== undefined && ts.isComputedPropertyName(member.name))
      checkValue(member.name.expression, report);
    const isStatic =
      ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
    if (isStatic && ts.isPropertyDeclaration(member) && member.initializer !== undefined)
      checkValue(member.initializer, report);
  }
}

/** Walks what is evaluated, so not into functions. */
function checkValue(node: ts.Node, report: Report): void {
  if (ts.isFunctionLike(node) || ts.isTypeNode(node)) return;
  if (ts.isClassExpression(node)) {
    checkClass(node, report);
    return;
  }
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    if (!isMarkedPure(node)) report(node, `calls ${node.expression.getText()}`);
    for (const argument of node.arguments ?? []) checkValue(argument, report);
    ts.forEachChild(node.expression, (child) => checkValue(child, report));
    return;
  }
  const effect = effectOf(node);
  if (effect !== undefined) report(node, effect);
  ts.forEachChild(node, (child) => checkValue(child, report));
}

function effectOf(node: ts.Node): string | undefined {
  if (ts.isTaggedTemplateExpression(node)) return `calls ${node.tag.getText()}`;
  if (ts.isAwaitExpression(node)) return 'waits';
  if (ts.isDeleteExpression(node)) return 'deletes';
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) return 'assigns';
  if (ts.isPostfixUnaryExpression(node)) return 'assigns';
  if (
    ts.isPrefixUnaryExpression(node) &&
    [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator)
  )
    return 'assigns';
  return undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function isMarkedPure(node: ts.Node): boolean {
  const text = node.getSourceFile().text;
  const start = node.getFullStart();
  // TypeScript counts a comment on the line of the token before it as that token's.
  const sameLine = ts.getTrailingCommentRanges(text, start) ?? [];
  const nextLines = ts.getLeadingCommentRanges(text, start) ?? [];
  return [...sameLine, ...nextLines].some(({ pos, end }) => /^\/\*\s*[@#]__PURE__\s*\*\/$/.test(text.slice(pos, end)));
}
