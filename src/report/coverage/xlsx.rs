//! The figures as a workbook: a sheet for each measure, a row for each figure, numbers as numbers.
