"""The auditor's page: the files it reads, a folder of static files, and a read-only server on this machine."""

from orchestrator.audit.site.bundled import material_of_bundle
from orchestrator.audit.site.folder import page_folder, write_site
from orchestrator.audit.site.material import Material, material_of
from orchestrator.audit.site.server import SiteServer
from orchestrator.audit.site.view import view_files

__all__ = ["Material", "SiteServer", "material_of", "material_of_bundle", "page_folder", "view_files", "write_site"]
