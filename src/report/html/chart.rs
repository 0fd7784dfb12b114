//! Charts as inline SVG: the only module that names the chart library.
