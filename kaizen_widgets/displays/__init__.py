"""How values look: as text, HTML, SVG and Vega-Lite, for cells and panels; no widgets, no Jupyter."""
