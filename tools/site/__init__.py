"""Builds the site of the documentation from the pages that the checkout holds.

Pages link to each other, and to code, as files of the checkout, so that they can be read there.
On the site those links lead to the site's pages, and to the repository for everything else. A
link to nowhere, a page that the navigation lacks, and one that loads something from another host
fail.
"""
