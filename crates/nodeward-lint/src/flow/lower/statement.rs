//! Statements.

use nodeward_javascript::oxc::ast::{
    Declaration, Expression, ForStatementInit, ForStatementLeft, IfStatement, SimpleAssignmentTarget,
    Statement, SwitchStatement, TryStatement, VariableDeclaration,
};
use nodeward_javascript::oxc::{GetSpan as _, SymbolId};

use super::function::This;
use super::guard::ANY_KEY;
use super::{Branch, Breakable, Lowerer};
use crate::flow::graph::{FunctionId, Label, NodeId, Seed, Spot, Taint};

impl<'a> Lowerer<'a, '_> {
    /// Statements of one block; functions declared in it exist from its beginning.
    pub(super) fn statements(&mut self, statements: &[Statement<'a>]) {
        let mut hoisted: Vec<(usize, FunctionId)> = Vec::new();
        for (at, statement) in statements.iter().enumerate() {
            if let Some((function, is_default)) = declared_function(statement) {
                let name = function.id.as_ref().map_or("default", |id| id.name.as_str());
                let id = self.new_function(name, function.span);
                let node = self.seed(Seed::Function(id), function.span);
                if let Some(symbol) = function.id.as_ref().and_then(|id| id.symbol_id.get()) {
                    self.write(symbol, Some(node), function.span);
                }
                if is_default {
                    self.export("default", Some(node));
                }
                hoisted.push((at, id));
            }
        }
        let mut hoisted = hoisted.into_iter().peekable();
        for (at, statement) in statements.iter().enumerate() {
            if let Some((_, id)) = hoisted.next_if(|(place, _)| *place == at) {
                if let Some((function, _)) = declared_function(statement) {
                    self.function_body(id, function, This::Own);
                    if let (Statement::ExportDeclaration(_), Some(name)) = (statement, &function.id) {
                        let value = name.symbol_id.get().and_then(|symbol| self.read(symbol, name.span));
                        self.export(name.name.as_str(), value);
                    }
                }
                continue;
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement<'a>) {
        match statement {
            Statement::BlockStatement(block) => self.statements(&block.body),
            Statement::BreakStatement(_) => {
                // What a `switch` breaks off goes on after it; what a loop breaks off was noted at its head.
                self.is_dead |= self.breakables.last() != Some(&Breakable::Switch);
            }
            Statement::ContinueStatement(_) => self.is_dead = true,
            Statement::DebuggerStatement(_) | Statement::EmptyStatement(_) => {}
            Statement::ExpressionStatement(statement) => {
                self.expression(&statement.expression);
                self.refine_by_assertion(&statement.expression);
            }
            Statement::IfStatement(statement) => self.if_statement(statement),
            Statement::ForStatement(statement) => {
                match &statement.init {
                    Some(ForStatementInit::VariableDeclaration(declaration)) => self.variables(declaration),
                    Some(init) => {
                        if let Some(expression) = init.as_expression() {
                            self.expression(expression);
                        }
                    }
                    None => {}
                }
                self.in_loop(statement.span, |this| {
                    if let Some(test) = &statement.test {
                        this.expression(test);
                        this.loop_bound(test);
                        this.refine(test, true);
                    }
                    this.statement(&statement.body);
                    if let Some(update) = &statement.update {
                        this.is_dead = false;
                        this.expression(update);
                    }
                });
                self.refine_after_loop(&statement.body, None);
            }
            Statement::WhileStatement(statement) => self.in_loop(statement.span, |this| {
                this.expression(&statement.test);
                this.refine(&statement.test, true);
                this.statement(&statement.body);
            }),
            Statement::DoWhileStatement(statement) => self.in_loop(statement.span, |this| {
                this.statement(&statement.body);
                this.is_dead = false;
                this.expression(&statement.test);
            }),
            Statement::ForInStatement(statement) => {
                let base = self.expression(&statement.right);
                let owner = self.named_object(&statement.right);
                let key = self.loop_symbol(&statement.left);
                self.set_owner(key, owner);
                self.in_loop(statement.span, |this| {
                    let cleared = Taint::OBJECT.and(Taint::OPERATOR).and(Taint::PROTOTYPE);
                    let is_of_schema = this.is_of_schema(&statement.right);
                    let cleared = if is_of_schema { cleared.and(ANY_KEY) } else { cleared };
                    let key = this.cleared(base, cleared, statement.left.span());
                    this.loop_variable(&statement.left, key);
                    this.statement(&statement.body);
                });
            }
            Statement::ForOfStatement(statement) => {
                let base = self.expression(&statement.right);
                let owner = self.owner_of_list(&statement.right);
                let key = self.loop_symbol(&statement.left);
                self.set_owner(key, owner);
                self.in_loop(statement.span, |this| {
                    let element = this.step(base, Label::LoadAny, statement.left.span());
                    this.loop_variable(&statement.left, element);
                    this.statement(&statement.body);
                });
                if let Some(element) = key {
                    self.refine_after_loop(&statement.body, Some((&statement.right, element)));
                }
            }
            Statement::LabeledStatement(statement) => self.statement(&statement.body),
            Statement::ReturnStatement(statement) => {
                let value = statement.argument.as_ref().and_then(|argument| self.expression(argument));
                self.returned(value);
                self.is_dead = true;
            }
            Statement::SwitchStatement(statement) => self.switch(statement),
            Statement::ThrowStatement(statement) => {
                self.expression(&statement.argument);
                self.is_dead = true;
            }
            Statement::TryStatement(statement) => self.try_statement(statement),
            Statement::WithStatement(statement) => {
                self.expression(&statement.object);
                self.statement(&statement.body);
            }
            statement => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declaration(declaration);
                } else if let Some(declaration) = statement.as_module_declaration() {
                    self.module_declaration(declaration);
                }
            }
        }
    }

    pub(super) fn declaration(&mut self, declaration: &Declaration<'a>) {
        match declaration {
            Declaration::VariableDeclaration(declaration) => self.variables(declaration),
            Declaration::FunctionDeclaration(function) => {
                let node = self.function(function, "", This::Own);
                if let Some(symbol) = function.id.as_ref().and_then(|id| id.symbol_id.get()) {
                    self.write(symbol, Some(node), function.span);
                }
            }
            Declaration::ClassDeclaration(class) => {
                self.class(class);
            }
            Declaration::TSNamespaceDeclaration(namespace) => self.namespace(namespace),
            Declaration::TSImportEqualsDeclaration(import) => self.import_equals(import),
            _ => {}
        }
    }

    pub(super) fn variables(&mut self, declaration: &VariableDeclaration<'a>) {
        for declarator in &declaration.declarations {
            let Some(init) = &declarator.init else { continue };
            let identifier = declarator.id.get_binding_identifier();
            let value = match identifier {
                Some(identifier) => self.named(identifier.name.as_str(), init),
                None => self.expression(init),
            };
            if let Some(symbol) = identifier.and_then(|identifier| identifier.symbol_id.get())
                && let Some(regex) = self.regex(init)
                && !self.semantic.scoping().symbol_is_mutated(symbol)
            {
                self.patterns.insert(symbol, regex);
            }
            self.bind(&declarator.id, value);
            let symbol = identifier.and_then(|identifier| identifier.symbol_id.get());
            self.note_keys(symbol, init);
            self.note_made(symbol, init);
        }
    }

    /// The variable that a loop gives its keys or elements to.
    fn loop_symbol(&self, left: &ForStatementLeft<'a>) -> Option<SymbolId> {
        if let ForStatementLeft::VariableDeclaration(declaration) = left {
            let identifier = declaration.declarations.first()?.id.get_binding_identifier()?;
            return identifier.symbol_id.get();
        }
        match left.as_assignment_target()?.as_simple_assignment_target()? {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier) => self.symbol(identifier),
            _ => None,
        }
    }

    fn loop_variable(&mut self, left: &ForStatementLeft<'a>, value: Option<NodeId>) {
        if let ForStatementLeft::VariableDeclaration(declaration) = left {
            for declarator in &declaration.declarations {
                self.bind(&declarator.id, value);
            }
        } else if let Some(target) = left.as_assignment_target() {
            self.assign(target, value);
        }
    }

    /// `i < value` at the head of a loop.
    fn loop_bound(&mut self, test: &Expression<'a>) {
        let Expression::BinaryExpression(binary) = test else { return };
        if !binary.operator.is_compare() {
            return;
        }
        let node = match binary.right.get_inner_expression() {
            Expression::Identifier(identifier) => {
                self.symbol(identifier).and_then(|symbol| self.read(symbol, identifier.span))
            }
            // A list's own length is no more than what was sent; a number that was sent may be anything.
            Expression::StaticMemberExpression(member)
                if !matches!(member.property.name.as_str(), "length" | "size" | "byteLength") =>
            {
                self.expression(&binary.right)
            }
            _ => None,
        };
        self.spot(node, Spot::LoopBound, binary.span);
    }

    fn if_statement(&mut self, statement: &IfStatement<'a>) {
        // `else if` chains may be long: walked one after the other, joined from the inside out.
        let mut branches: Vec<Branch> = Vec::new();
        let mut refinements: Vec<&Expression<'a>> = Vec::new();
        let mut current = Some(statement);
        let mut last: Option<&Statement<'a>> = None;
        while let Some(statement) = current {
            let test = &statement.test;
            let before = refinements.clone();
            branches.push(self.branch(|this| {
                for refined in &before {
                    this.refine(refined, false);
                }
                this.expression(test);
                this.refine(test, true);
                this.statement(&statement.consequent);
            }));
            // Every test before it is known to be false, but a long chain need not repeat them all.
            if refinements.len() < 8 {
                refinements.push(test);
            }
            current = None;
            match &statement.alternate {
                Some(Statement::IfStatement(next)) => current = Some(next),
                other => last = other.as_ref(),
            }
        }
        branches.push(self.branch(|this| {
            for refined in &refinements {
                this.refine(refined, false);
            }
            if let Some(statement) = last {
                this.statement(statement);
            }
        }));
        self.join(&branches, statement.span);
        self.refine_made_own(statement);
    }

    fn switch(&mut self, statement: &SwitchStatement<'a>) {
        self.expression(&statement.discriminant);
        self.breakables.push(Breakable::Switch);
        let mut branches: Vec<Branch> = Vec::new();
        let mut fallen: Vec<(SymbolId, NodeId)> = Vec::new();
        let mut has_default = false;
        for case in &statement.cases {
            has_default |= case.test.is_none();
            let entered = std::mem::take(&mut fallen);
            let branch = self.branch(|this| {
                for (symbol, node) in &entered {
                    let met = this.meet(&[this.current[symbol.index()].get(), node.get()], case.span);
                    this.set(*symbol, NodeId::from_option(met));
                }
                if let Some(test) = &case.test {
                    this.expression(test);
                    this.refine_equal(&statement.discriminant, test);
                }
                this.statements(&case.consequent);
            });
            let ends = matches!(case.consequent.last(), Some(Statement::BreakStatement(_)));
            if !branch.is_dead && !ends {
                fallen.clone_from(&branch.changes);
            }
            branches.push(branch);
        }
        if !has_default {
            branches.push(Branch { changes: Vec::new(), tested: Vec::new(), is_dead: false });
        }
        self.breakables.pop();
        self.join(&branches, statement.span);
    }

    fn try_statement(&mut self, statement: &TryStatement<'a>) {
        let tried = self.branch(|this| this.statements(&statement.block.body));
        let mut branches =
            vec![Branch { changes: tried.changes.clone(), tested: Vec::new(), is_dead: tried.is_dead }];
        if let Some(handler) = &statement.handler {
            branches.push(self.branch(|this| {
                // The block may have stopped anywhere.
                for (symbol, node) in &tried.changes {
                    let met = this.meet(&[this.current[symbol.index()].get(), node.get()], handler.span);
                    this.set(*symbol, NodeId::from_option(met));
                }
                this.statements(&handler.body.body);
            }));
        }
        self.join(&branches, statement.span);
        if let Some(finalizer) = &statement.finalizer {
            let was_dead = std::mem::replace(&mut self.is_dead, false);
            self.statements(&finalizer.body);
            self.is_dead |= was_dead;
        }
    }
}

/// The function that a statement declares, and whether it is the default export.
fn declared_function<'s, 'a>(
    statement: &'s Statement<'a>,
) -> Option<(&'s nodeward_javascript::oxc::ast::Function<'a>, bool)> {
    use nodeward_javascript::oxc::ast::ExportDefaultDeclarationKind;
    match statement {
        Statement::FunctionDeclaration(function) => Some((function, false)),
        Statement::ExportDeclaration(export) => match &export.declaration {
            Declaration::FunctionDeclaration(function) => Some((function, false)),
            _ => None,
        },
        Statement::ExportDefaultDeclaration(export) => match &export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => Some((function, true)),
            _ => None,
        },
        _ => None,
    }
}
