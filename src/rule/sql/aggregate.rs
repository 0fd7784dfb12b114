//! Aggregates over the records of a group, each a single call: `MIN(x) FILTER (WHERE condition)`.

use sqlparser::ast::{
    self, DuplicateTreatment, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
};

use super::{Lowering, Scope, Typed, parse};
use crate::diag::{Diagnostics, Source, did_you_mean};
use crate::rule::expr::Program;
use crate::rule::fold::{Aggregate, Function, Operand};
use crate::yaml::Spanned;

/// The names of aggregates, as they are written in rules.
const AGGREGATES: [&str; 6] = ["count", "first", "last", "max", "min", "string_agg"];

/// Whether a function of this name puts together records of a group.
pub(super) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

/// Lowers an aggregate; `None` where a mistake was reported.
pub(crate) fn lower_aggregate(
    text: &Spanned<String>,
    source: &Source,
    scope: Scope<'_>,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<Aggregate> {
    let expr = parse(text, source, diagnostics)?;
    let mut lowering = Lowering { text, source, scope, program, diagnostics };
    let mut inner = &expr;
    while let Expr::Nested(nested) = inner {
        inner = nested;
    }
    let Expr::Function(function) = inner else {
        return lowering.not_an_aggregate(&expr, None);
    };
    lowering.aggregate(function, inner)
}

impl Lowering<'_> {
    fn aggregate(&mut self, function: &ast::Function, place: &Expr) -> Option<Aggregate> {
        let name = function.name.to_string().to_ascii_lowercase();
        if !is_aggregate(&name) {
            return self.not_an_aggregate(place, did_you_mean(&name, AGGREGATES));
        }
        let FunctionArguments::List(list) = &function.args else { return self.not_an_aggregate(place, None) };
        let is_plain = function.over.is_none()
            && function.within_group.is_empty()
            && function.null_treatment.is_none()
            && list.clauses.is_empty();
        if !is_plain {
            self.mistake(
                place,
                "rule::sql_unsupported",
                "this form of SQL is not among those that rules may use".to_owned(),
                "not supported",
                Some("the order of a group is stated once, as `order` under `folds`".to_owned()),
            );
            return None;
        }
        let filter = match &function.filter {
            Some(condition) => self.bool(condition),
            None => Some(self.program.always()),
        };
        let function = self.function_of(&name, list, place);
        Some(Aggregate { function: function?, filter: filter?, text: self.text.value.clone() })
    }

    fn function_of(&mut self, name: &str, list: &FunctionArgumentList, place: &Expr) -> Option<Function> {
        let is_distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let arguments: Vec<Option<&Expr>> = list
            .args
            .iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        match (name, arguments.as_slice(), is_distinct) {
            ("count", [None], false) => Some(Function::Count(None)),
            ("count", [Some(operand)], false) => Some(Function::Count(Some(self.operand(operand)?))),
            ("count", [Some(operand)], true) => Some(Function::CountDistinct(self.operand(operand)?)),
            // Of the smallest and the largest it makes no difference whether a value is there twice.
            ("min", [Some(operand)], _) => Some(Function::Min(self.operand(operand)?)),
            ("max", [Some(operand)], _) => Some(Function::Max(self.operand(operand)?)),
            ("first", [Some(operand)], false) => Some(Function::First(self.operand(operand)?)),
            ("last", [Some(operand)], false) => Some(Function::Last(self.operand(operand)?)),
            ("string_agg", [Some(operand), Some(separator)], true) => {
                let (operand, separator) = (self.operand(operand), self.string_literal(separator));
                Some(Function::Listed(operand?, separator?))
            }
            _ => {
                let form = match name {
                    "count" => "COUNT(*), COUNT(x) or COUNT(DISTINCT x)",
                    "min" => "MIN(x)",
                    "max" => "MAX(x)",
                    "first" => "FIRST(x)",
                    "last" => "LAST(x)",
                    _ => "STRING_AGG(DISTINCT x, ', ')",
                };
                self.mistake(
                    place,
                    "rule::argument_count",
                    format!("an aggregate of this name is written {form}"),
                    "this call",
                    None,
                );
                None
            }
        }
    }

    fn operand(&mut self, expr: &Expr) -> Option<Operand> {
        match self.any(expr)? {
            Typed::Text(node) => Some(Operand::Text(node)),
            Typed::Int(node) => Some(Operand::Int(node)),
            Typed::Time(node) => Some(Operand::Time(node)),
            other => self.wrong_type(expr, "a text, number or point in time", other.name()),
        }
    }

    fn not_an_aggregate(&mut self, place: &Expr, help: Option<String>) -> Option<Aggregate> {
        self.mistake(
            place,
            "rule::no_aggregate",
            "an aggregate over the records of a group is expected".to_owned(),
            "here",
            help.or_else(|| Some("such as MIN(x) FILTER (WHERE condition), or COUNT(*)".to_owned())),
        );
        None
    }
}
