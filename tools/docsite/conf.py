# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What tools/docs.sh appends to the settings that antsibull-docs writes: the guides are Markdown.
globals()["extensions"].append("myst_parser")  # it is in those settings
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 4
highlight_language = "none"
# no other site is asked for its index: the build needs no network
intersphinx_mapping = {}
suppress_warnings = ["ref.ref", "app.add_source_parser"]
html_theme_options = {"documentation_home_url": "https://github.com/certmend/tls"}
html_static_path = ["static"]
html_css_files = ["certmend.css"]
