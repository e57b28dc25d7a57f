//! Classes: a constructor, what its instances hold, what it holds itself.

use nodeward_javascript::oxc::ast::{Class, ClassElement, Expression, MethodDefinitionKind};

use super::Lowerer;
use super::function::This;
use crate::flow::graph::{FunctionId, Label, NodeId, Seed};

impl<'a> Lowerer<'a, '_> {
    /// The node of a class.
    pub(super) fn class(&mut self, class: &Class<'a>) -> NodeId {
        let superclass = class.heritage_expression().and_then(|superclass| self.expression(superclass));
        let name = class.id.as_ref().map_or("", |id| id.name.as_str()).to_owned();
        let id = self.new_function(&name, class.span);
        let node = self.seed(Seed::Function(id), class.span);
        if let Some(symbol) = class.id.as_ref().and_then(|id| id.symbol_id.get()) {
            self.write(symbol, Some(node), class.span);
        }
        if let Some(superclass) = superclass {
            self.graph.extends.push((id, superclass));
        }
        let outer = std::mem::replace(&mut self.superclass, NodeId::from_option(superclass));
        self.members(class, id, node);
        self.superclass = outer;
        node
    }

    fn members(&mut self, class: &Class<'a>, id: FunctionId, node: NodeId) {
        let instance = self.function_record(id).instance;
        let this = self.function_record(id).this;
        self.graph.seeds.push((this, Seed::Object(instance)));
        let prototype = self.seed(Seed::Object(instance), class.span);
        let mut constructor = None;
        for element in &class.body.body {
            match element {
                ClassElement::MethodDefinition(method) => {
                    if method.kind == MethodDefinitionKind::Constructor {
                        constructor = Some(method);
                        continue;
                    }
                    let holder = if method.r#static { node } else { prototype };
                    let name = member_name(&method.key);
                    let of = if method.r#static { This::Own } else { This::Of(instance) };
                    let function = self.function(&method.value, name.as_deref().unwrap_or_default(), of);
                    let Some(name) = name else {
                        self.edge(function, holder, Label::StoreAny);
                        continue;
                    };
                    match method.kind {
                        MethodDefinitionKind::Get => {
                            let result = self.implied_call(Some(function), Some(holder), &[], method.span);
                            self.store(Some(holder), &name, Some(result));
                        }
                        MethodDefinitionKind::Set => {}
                        _ => self.store(Some(holder), &name, Some(function)),
                    }
                }
                ClassElement::PropertyDefinition(property) => {
                    let Some(value) = &property.value else { continue };
                    let outer =
                        std::mem::replace(&mut self.this, if property.r#static { node } else { this });
                    let name = member_name(&property.key);
                    let value = self.named(name.as_deref().unwrap_or_default(), value);
                    self.this = outer;
                    if let Some(name) = name {
                        self.store(Some(if property.r#static { node } else { this }), &name, value);
                    }
                }
                ClassElement::AccessorProperty(property) => {
                    if let Some(value) = &property.value {
                        let value = self.expression(value);
                        if let Some(name) = member_name(&property.key) {
                            self.store(Some(this), &name, value);
                        }
                    }
                }
                ClassElement::StaticBlock(block) => {
                    let outer = std::mem::replace(&mut self.this, node);
                    self.statements(&block.body);
                    self.this = outer;
                }
                ClassElement::TSIndexSignature(_) => {}
            }
        }
        if let Some(method) = constructor {
            self.function_body(id, &method.value, This::Own);
        }
    }
}

fn member_name(key: &nodeward_javascript::oxc::ast::PropertyKey<'_>) -> Option<String> {
    if let Some(name) = key.private_name() {
        return Some(format!("#{name}"));
    }
    if let Some(Expression::StringLiteral(literal)) = key.as_expression() {
        return Some(literal.value.to_string());
    }
    key.static_name().map(std::borrow::Cow::into_owned)
}
