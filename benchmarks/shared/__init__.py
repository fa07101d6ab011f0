"""What every benchmark needs: command line, Spark, kept results, Markdown, SVG, the machine."""
