//! Aggregates over the records of a group as SQL.

use super::{Printer, write_literal};
use crate::rule::expr::BoolExpr;
use crate::rule::fold::{Aggregate, Function, Operand};

impl Printer<'_> {
    /// An aggregate, with its filter where it has one.
    pub fn aggregate(&self, aggregate: &Aggregate) -> String {
        let operand = |operand: &Operand| self.operand(*operand);
        let mut out = match &aggregate.function {
            Function::Count(None) => "COUNT(*)".to_owned(),
            Function::Count(Some(of)) => format!("COUNT({})", operand(of)),
            Function::CountDistinct(of) => format!("COUNT(DISTINCT {})", operand(of)),
            Function::Min(of) => format!("MIN({})", operand(of)),
            Function::Max(of) => format!("MAX({})", operand(of)),
            Function::First(of) => format!("FIRST({})", operand(of)),
            Function::Last(of) => format!("LAST({})", operand(of)),
            Function::Listed(of, separator) => {
                let mut call = format!("STRING_AGG(DISTINCT {}, ", operand(of));
                write_literal(separator.as_bytes(), &mut call);
                call.push(')');
                call
            }
        };
        if self.program.bools[aggregate.filter.0 as usize] != BoolExpr::Constant(Some(true)) {
            out.push_str(" FILTER (WHERE ");
            out.push_str(&self.bool(aggregate.filter));
            out.push(')');
        }
        out
    }

    /// A value of each record.
    pub fn operand(&self, operand: Operand) -> String {
        match operand {
            Operand::Text(node) => self.text(node),
            Operand::Int(node) => self.int(node),
            Operand::Time(node) => self.time(node),
        }
    }
}
